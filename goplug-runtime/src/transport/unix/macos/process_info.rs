//! What the kernel says of a process, by `proc_pidinfo`.

// No safe crate offers this call.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;

/// The flag of a process that another traces: `PROC_FLAG_TRACED` of sys/proc_info.h.
const TRACED: u32 = 2;

/// The state of a process that a signal or a debugger has stopped: `SSTOP` of sys/proc.h.
#[cfg(feature = "host")]
const STOPPED: u32 = 4;

/// The state of a process that nobody has reaped: `SZOMB` of sys/proc.h.
#[cfg(feature = "host")]
const ZOMBIE: u32 = 5;

/// Whether another process, such as a debugger, traces the process of this id.
pub fn is_traced(process: u32) -> bool {
    basic(process).is_some_and(|info| info.pbi_flags & TRACED != 0)
}

fn basic(process: u32) -> Option<libc::proc_bsdinfo> {
    let mut info = MaybeUninit::<libc::proc_bsdinfo>::zeroed();
    // SAFETY: the struct is plain data of the size that the kernel is told, and zero is valid for it.
    unsafe {
        fill(process, libc::PROC_PIDTBSDINFO, &mut info)?;
        Some(info.assume_init())
    }
}

/// # Safety
/// The flavor writes this type.
unsafe fn fill<T>(process: u32, flavor: libc::c_int, info: &mut MaybeUninit<T>) -> Option<()> {
    let size = libc::c_int::try_from(size_of::<T>()).ok()?;
    // SAFETY: the pointer is to a value of this size.
    let written = unsafe {
        libc::proc_pidinfo(process.cast_signed(), flavor, 0, info.as_mut_ptr().cast(), size)
    };
    (written == size).then_some(())
}

#[cfg(feature = "host")]
mod host {
    use std::mem::MaybeUninit;
    use std::time::Duration;

    use crate::transport::{ProcessState, ProcessUsage};

    use super::{STOPPED, TRACED, ZOMBIE, basic, fill};

    impl ProcessState {
        /// The state of the process of this id; [`ProcessState::Exiting`] if there is none.
        pub fn of(process: u32) -> Self {
            let Some(info) = basic(process) else { return Self::Exiting };
            match info.pbi_status {
                ZOMBIE => Self::Exiting,
                STOPPED if info.pbi_flags & TRACED != 0 => Self::Traced,
                STOPPED => Self::Stopped,
                _ => Self::Normal,
            }
        }
    }

    impl ProcessUsage {
        /// The usage of the process of this id; `None` if there is none, or if the system does not say.
        pub fn of(process: u32) -> Option<Self> {
            let mut info = MaybeUninit::<libc::proc_taskinfo>::zeroed();
            // SAFETY: the struct is plain data of the size that the kernel is told, and zero is valid.
            let info = unsafe {
                fill(process, libc::PROC_PIDTASKINFO, &mut info)?;
                info.assume_init()
            };
            let ticks = info.pti_total_user.saturating_add(info.pti_total_system);
            Some(Self { resident_memory: info.pti_resident_size, processor_time: of_ticks(ticks)? })
        }
    }

    /// The time of so many ticks of the machine's clock.
    #[expect(deprecated, reason = "the crate that is to replace it is not needed for one call")]
    fn of_ticks(ticks: u64) -> Option<Duration> {
        let mut base = libc::mach_timebase_info { numer: 0, denom: 0 };
        // SAFETY: the pointer is to a value of ours.
        let outcome = unsafe { libc::mach_timebase_info(&raw mut base) };
        if outcome != 0 {
            return None;
        }
        let nanos = u128::from(ticks) * u128::from(base.numer);
        let nanos = nanos.checked_div(u128::from(base.denom))?;
        Some(Duration::from_nanos(u64::try_from(nanos).ok()?))
    }
}
