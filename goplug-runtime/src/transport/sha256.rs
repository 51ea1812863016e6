//! SHA-256, as quick in a debug build as in a release build.
//!
//! Programs of 60 MB and more are digested before they run. A dependency is compiled without
//! optimization in a debug build, unless the user's own workspace says otherwise, and then takes
//! seconds for that. Where the processor has instructions for SHA-256, they are used by assembler,
//! which no build slows down; elsewhere a crate does the work.

// There is no safe way to assembler. One function has it, and its block says what it touches.
#![allow(unsafe_code)]

use std::fs::File;
use std::io::{self, Read};

/// How many bytes of a file are read at a time.
const PIECE: usize = 256 << 10;

/// The bytes that are compressed at a time.
#[cfg(target_arch = "x86_64")]
const BLOCK: usize = 64;

/// A computation of a digest.
pub struct Sha256(Variant);

enum Variant {
    #[cfg(target_arch = "x86_64")]
    Instructions(Box<Blocks>),
    Portable(portable::Hash),
}

impl Default for Sha256 {
    fn default() -> Self {
        Self::new()
    }
}

impl Sha256 {
    /// The digest of nothing, to be updated.
    pub fn new() -> Self {
        #[cfg(target_arch = "x86_64")]
        if x86_64::is_supported() {
            return Self(Variant::Instructions(Box::default()));
        }
        Self::portable()
    }

    fn portable() -> Self {
        Self(Variant::Portable(portable::Hash::new()))
    }

    /// Appends bytes to those whose digest is computed.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            #[cfg(target_arch = "x86_64")]
            Variant::Instructions(blocks) => blocks.update(bytes),
            Variant::Portable(hash) => hash.update(bytes),
        }
    }

    /// The digest of the rest of a file, as [`Sha256::finish`] returns it. Does blocking I/O.
    ///
    /// # Errors
    /// The system's error.
    pub fn of_file(mut file: &File) -> io::Result<String> {
        let mut hash = Self::new();
        let mut piece = vec![0; PIECE];
        loop {
            match file.read(&mut piece)? {
                0 => return Ok(hash.finish()),
                count => hash.update(&piece[..count]),
            }
        }
    }

    /// The digest in lower-case hexadecimal digits.
    pub fn finish(self) -> String {
        let digest: [u8; 32] = match self.0 {
            #[cfg(target_arch = "x86_64")]
            Variant::Instructions(blocks) => blocks.finish(),
            Variant::Portable(hash) => portable::finish(hash),
        };
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(feature = "host")]
mod portable {
    pub(super) use sha2::Sha256 as Hash;

    pub(super) fn finish(hash: Hash) -> [u8; 32] {
        sha2::Digest::finalize(hash).into()
    }
}

/// A plugin's build has the smaller crate.
#[cfg(not(feature = "host"))]
mod portable {
    pub(super) use hmac_sha256::Hash;

    pub(super) fn finish(hash: Hash) -> [u8; 32] {
        hash.finalize()
    }
}

#[cfg(feature = "host")]
use sha2::Digest as _;

/// The state between blocks (FIPS 180-4, 6.2).
#[cfg(target_arch = "x86_64")]
struct Blocks {
    state: [u32; 8],
    /// The beginning of a block that is not complete.
    rest: [u8; BLOCK],
    /// The number of all bytes so far.
    length: u64,
}

#[cfg(target_arch = "x86_64")]
impl Default for Blocks {
    fn default() -> Self {
        Self { state: INITIAL, rest: [0; BLOCK], length: 0 }
    }
}

#[cfg(target_arch = "x86_64")]
impl Blocks {
    fn update(&mut self, mut bytes: &[u8]) {
        let filled = (self.length % BLOCK as u64) as usize;
        self.length += bytes.len() as u64;
        if filled > 0 {
            let (taken, others) = bytes.split_at(bytes.len().min(BLOCK - filled));
            self.rest[filled..filled + taken.len()].copy_from_slice(taken);
            if filled + taken.len() < BLOCK {
                return;
            }
            x86_64::compress(&mut self.state, &[self.rest]);
            bytes = others;
        }
        let (blocks, rest) = bytes.as_chunks();
        x86_64::compress(&mut self.state, blocks);
        self.rest[..rest.len()].copy_from_slice(rest);
    }

    fn finish(mut self) -> [u8; 32] {
        let bits = self.length * 8;
        let filled = (self.length % BLOCK as u64) as usize;
        // A one bit, and zeros until eight bytes are left in a block for the length.
        let zeros = (2 * BLOCK - 9 - filled) % BLOCK;
        let mut padding = [0; 2 * BLOCK];
        padding[0] = 0x80;
        padding[1 + zeros..][..8].copy_from_slice(&bits.to_be_bytes());
        self.update(&padding[..1 + zeros + 8]);
        let mut digest = [0; 32];
        for (bytes, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(self.state) {
            *bytes = word.to_be_bytes();
        }
        digest
    }
}

/// The first 32 bits of the fractional parts of the square roots of the first 8 primes.
#[cfg(target_arch = "x86_64")]
const INITIAL: [u32; 8] = [
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use std::arch::asm;

    use super::BLOCK;

    /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
    static CONSTANTS: [u32; 64] = [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
        0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
        0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
        0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
        0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
        0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
        0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
        0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
        0xc67178f2,
    ];

    /// Whether the processor has what [`compress`] uses.
    pub(super) fn is_supported() -> bool {
        is_x86_feature_detected!("sha")
            && is_x86_feature_detected!("ssse3")
            && is_x86_feature_detected!("sse4.1")
    }

    /// Four rounds: the words of `$now` with the constants at `$at`.
    macro_rules! rounds {
        ($at:literal, $now:literal) => {
            concat!(
                "movdqu xmm0, [{constants} + ",
                $at,
                "]\n",
                "paddd xmm0, ",
                $now,
                "\n",
                "sha256rnds2 xmm2, xmm1, xmm0\n",
                "pshufd xmm0, xmm0, 0x0e\n",
                "sha256rnds2 xmm1, xmm2, xmm0\n",
            )
        };
    }

    /// Reads four words of the block, which are big-endian.
    macro_rules! load {
        ($at:literal, $to:literal) => {
            concat!("movdqu ", $to, ", [{block} + ", $at, "]\n", "pshufb ", $to, ", xmm8\n")
        };
    }

    /// The first half of the four words that take the place of `$oldest`.
    macro_rules! begin {
        ($oldest:literal, $second:literal) => {
            concat!("sha256msg1 ", $oldest, ", ", $second, "\n")
        };
    }

    /// The second half of them.
    macro_rules! complete {
        ($oldest:literal, $third:literal, $newest:literal) => {
            concat!(
                "movdqa xmm7, ",
                $newest,
                "\n",
                "palignr xmm7, ",
                $third,
                ", 4\n",
                "paddd ",
                $oldest,
                ", xmm7\n",
                "sha256msg2 ",
                $oldest,
                ", ",
                $newest,
                "\n",
            )
        };
    }

    /// Compresses blocks into the state. Only where [`is_supported`] is true. A program has this long
    /// code once, not at each place that calls it.
    #[inline(never)]
    pub(super) fn compress(state: &mut [u32; 8], blocks: &[[u8; BLOCK]]) {
        if blocks.is_empty() {
            return;
        }
        // SAFETY: the processor has the instructions. The block reads the constants and all bytes of
        // `blocks`, of which there is at least one, reads and writes the state, and changes nothing
        // but the registers that it names.
        unsafe {
            asm!(
                // The instructions want the state as the words ABEF and CDGH.
                "movdqu xmm1, [{state}]", "movdqu xmm2, [{state} + 16]",
                "pshufd xmm1, xmm1, 0xb1", "pshufd xmm2, xmm2, 0x1b",
                "movdqa xmm7, xmm1", "palignr xmm1, xmm2, 8", "pblendw xmm2, xmm7, 0xf0",
                // How the bytes of four words are swapped.
                "movq xmm8, {low}", "movq xmm7, {high}", "punpcklqdq xmm8, xmm7",
                "2:", "movdqa xmm9, xmm1", "movdqa xmm10, xmm2",
                load!("0", "xmm3"), rounds!("0", "xmm3"),
                load!("16", "xmm4"), rounds!("16", "xmm4"), begin!("xmm3", "xmm4"),
                load!("32", "xmm5"), rounds!("32", "xmm5"), begin!("xmm4", "xmm5"),
                load!("48", "xmm6"), rounds!("48", "xmm6"),
                complete!("xmm3", "xmm5", "xmm6"), begin!("xmm5", "xmm6"), rounds!("64", "xmm3"),
                complete!("xmm4", "xmm6", "xmm3"), begin!("xmm6", "xmm3"), rounds!("80", "xmm4"),
                complete!("xmm5", "xmm3", "xmm4"), begin!("xmm3", "xmm4"), rounds!("96", "xmm5"),
                complete!("xmm6", "xmm4", "xmm5"), begin!("xmm4", "xmm5"), rounds!("112", "xmm6"),
                complete!("xmm3", "xmm5", "xmm6"), begin!("xmm5", "xmm6"), rounds!("128", "xmm3"),
                complete!("xmm4", "xmm6", "xmm3"), begin!("xmm6", "xmm3"), rounds!("144", "xmm4"),
                complete!("xmm5", "xmm3", "xmm4"), begin!("xmm3", "xmm4"), rounds!("160", "xmm5"),
                complete!("xmm6", "xmm4", "xmm5"), begin!("xmm4", "xmm5"), rounds!("176", "xmm6"),
                complete!("xmm3", "xmm5", "xmm6"), begin!("xmm5", "xmm6"), rounds!("192", "xmm3"),
                complete!("xmm4", "xmm6", "xmm3"), begin!("xmm6", "xmm3"), rounds!("208", "xmm4"),
                complete!("xmm5", "xmm3", "xmm4"), rounds!("224", "xmm5"),
                complete!("xmm6", "xmm4", "xmm5"), rounds!("240", "xmm6"),
                "paddd xmm1, xmm9", "paddd xmm2, xmm10", "add {block}, 64", "dec {count}", "jnz 2b",
                // Back to ABCD and EFGH.
                "pshufd xmm1, xmm1, 0x1b", "pshufd xmm2, xmm2, 0xb1",
                "movdqa xmm7, xmm1", "pblendw xmm1, xmm2, 0xf0", "palignr xmm2, xmm7, 8",
                "movdqu [{state}], xmm1", "movdqu [{state} + 16], xmm2",
                state = in(reg) state.as_mut_ptr(),
                constants = in(reg) CONSTANTS.as_ptr(),
                block = inout(reg) blocks.as_ptr() => _,
                count = inout(reg) blocks.len() => _,
                low = in(reg) 0x0405_0607_0001_0203_u64,
                high = in(reg) 0x0c0d_0e0f_0809_0a0b_u64,
                out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _, out("xmm4") _,
                out("xmm5") _, out("xmm6") _, out("xmm7") _, out("xmm8") _, out("xmm9") _,
                out("xmm10") _, options(nostack),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(mut hash: Sha256, pieces: &[&[u8]]) -> String {
        pieces.iter().for_each(|piece| hash.update(piece));
        hash.finish()
    }

    #[test]
    fn the_digests_of_the_standard_are_computed() {
        // FIPS 180-2, appendix B.
        let million = vec![b'a'; 1_000_000];
        let examples: [(&[u8], &str); 4] = [
            (b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
            ),
            (&million, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
        ];
        for (bytes, expected) in examples {
            assert_eq!(digest(Sha256::new(), &[bytes]), expected);
            assert_eq!(digest(Sha256::portable(), &[bytes]), expected);
        }
    }

    #[test]
    fn both_variants_agree_on_every_length_and_division() {
        let bytes: Vec<u8> = (0..1000_u32).map(|n| (n * n % 251) as u8).collect();
        for length in 0..300 {
            let expected = digest(Sha256::portable(), &[&bytes[..length]]);
            for at in [0, 1, length / 2, length.saturating_sub(1), length] {
                let (first, second) = bytes[..length].split_at(at.min(length));
                assert_eq!(digest(Sha256::new(), &[first, second]), expected, "{length}, {at}");
            }
        }
        for piece in [1, 63, 64, 65, 128, 999] {
            let pieces: Vec<_> = bytes.chunks(piece).collect();
            assert_eq!(digest(Sha256::new(), &pieces), digest(Sha256::portable(), &[&bytes]));
        }
    }
}
