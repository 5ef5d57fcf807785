//! The two moments of a process that Rust's library does not tell: a fork and the exit.
//!
//! A forked child has the memory of its parent, but none of its threads: its queue would never be collected, and holds
//! spans that the parent sends. Nothing cheap tells a child from its parent (asking for the process id is a system call,
//! and costs as much as a whole span), so the C library is asked to tell, once a fork.

#[cfg(unix)]
mod unix {
    #![expect(unsafe_code, reason = "the C library is called to register two functions")]

    use std::ffi::c_int;
    use std::sync::Once;

    unsafe extern "C" {
        fn pthread_atfork(
            prepare: Option<unsafe extern "C" fn()>,
            parent: Option<unsafe extern "C" fn()>,
            child: Option<unsafe extern "C" fn()>,
        ) -> c_int;
        fn atexit(function: extern "C" fn()) -> c_int;
    }

    /// Runs in the child, where nothing but atomics may be touched: locks may be held by threads that are gone.
    unsafe extern "C" fn in_child() {
        crate::sdk::forked();
    }

    extern "C" fn at_exit() {
        crate::sdk::exiting();
    }

    pub(crate) fn watch() {
        static WATCHED: Once = Once::new();
        WATCHED.call_once(|| {
            // SAFETY: both take pointers to functions that live as long as the process. `in_child` only stores atomics,
            // which is all that is allowed in a child of a process with threads. Where there is no room for another
            // function, both return an error, and nothing else happens: forks and exits are then not told.
            unsafe {
                pthread_atfork(None, None, Some(in_child));
                atexit(at_exit);
            }
        });
    }
}

#[cfg(unix)]
pub(crate) use unix::watch;

/// There are no forks, and at the exit other threads are gone before anything could be sent.
#[cfg(not(unix))]
pub(crate) fn watch() {}
