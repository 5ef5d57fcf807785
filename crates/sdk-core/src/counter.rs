//! The processor's counter of time, where there is one that all cores share.

/// Says whether the system itself takes its time from the counter, which it does only after checking that all cores agree
/// and that it never stops.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub(crate) fn is_time_source() -> bool {
    let source = std::fs::read_to_string("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    source.is_ok_and(|source| source.trim() == "tsc")
}

/// Reads the counter.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[inline]
pub(crate) fn read() -> u64 {
    #[expect(unsafe_code, reason = "the instruction has no other name in Rust")]
    // SAFETY: every processor of this architecture has the instruction, and it changes nothing but its result.
    unsafe {
        std::arch::x86_64::_rdtsc()
    }
}

/// The counters of other processors are not known to be what the system trusts.
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
pub(crate) fn is_time_source() -> bool {
    false
}

/// Never read.
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
pub(crate) fn read() -> u64 {
    0
}
