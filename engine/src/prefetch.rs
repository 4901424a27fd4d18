//! Asks the processor for memory that will be needed soon.
//!
//! In: a slice, and a place in it. Out: nothing; only time changes. Never: a value read.

/// Asks for the cache line of an element; beyond the end nothing happens.
#[inline]
pub(crate) fn prefetch<T>(slice: &[T], at: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(element) = slice.get(at) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        #[expect(unsafe_code, reason = "an instruction that takes a pointer")]
        // SAFETY: the pointer is that of an element of the slice; a prefetch reads nothing that the
        // program could see, and is part of every x86-64 processor.
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(element).cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (slice, at);
}
