//! What `sysctl` returns as `KERN_PROCARGS2`: how a process was started.

/// The arguments and the environment of a process.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ArgumentsBlock<'a> {
    /// The program, as it was called, and its arguments. Each has a zero byte behind it.
    pub(super) arguments: &'a [u8],
    /// The variables, each with a zero byte behind it.
    pub(super) environment: &'a [u8],
}

impl<'a> ArgumentsBlock<'a> {
    /// The number of the arguments; the path of the program, filled up with zero bytes; the arguments; the
    /// variables; an empty text. What is behind that is the kernel's own. `None` if that is not what it is.
    pub(super) fn parse(block: &'a [u8]) -> Option<Self> {
        let (count, rest) = block.split_first_chunk()?;
        let path = rest.iter().position(|byte| *byte == 0)?;
        let rest = &rest[path..];
        let rest = &rest[rest.iter().position(|byte| *byte != 0)?..];
        let (arguments, rest) = split(rest, u32::from_ne_bytes(*count))?;
        let end = match rest.first() {
            None | Some(0) => 0,
            Some(_) => {
                rest.windows(2).position(|pair| pair == b"\0\0").map_or(rest.len(), |at| at + 1)
            }
        };
        Some(Self { arguments, environment: &rest[..end] })
    }
}

/// Splits behind the text of this number.
fn split(texts: &[u8], count: u32) -> Option<(&[u8], &[u8])> {
    let mut at = 0;
    for _ in 0..count {
        at += texts.get(at..)?.iter().position(|byte| *byte == 0)? + 1;
    }
    texts.split_at_checked(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(count: u32, rest: &[u8]) -> Vec<u8> {
        [&count.to_ne_bytes(), rest].concat()
    }

    #[test]
    fn arguments_and_variables_are_told_apart() {
        let block = block(3, b"/bin/p\0\0\0\0p\0\0a b\0A=1\0B=x=y\0\0executable_path=/bin/p\0");
        let parsed = ArgumentsBlock::parse(&block).unwrap();
        assert_eq!(parsed.arguments, b"p\0\0a b\0");
        assert_eq!(parsed.environment, b"A=1\0B=x=y\0");
    }

    #[test]
    fn there_may_be_no_variables() {
        for rest in [&b"/bin/p\0p\0"[..], b"/bin/p\0p\0\0executable_path=/bin/p\0"] {
            let block = block(1, rest);
            let parsed = ArgumentsBlock::parse(&block).unwrap();
            assert_eq!((parsed.arguments, parsed.environment), (&b"p\0"[..], &b""[..]));
        }
    }

    #[test]
    fn what_is_cut_off_is_refused() {
        for cut in [&b""[..], b"\x01\0", &block(1, b"/bin/p"), &block(2, b"/bin/p\0p\0a")] {
            assert_eq!(ArgumentsBlock::parse(cut), None);
        }
        let many = block(u32::MAX, b"/bin/p\0p\0");
        assert_eq!(ArgumentsBlock::parse(&many), None);
    }
}
