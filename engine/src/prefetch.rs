//! Asks the processor for memory that will be needed soon.
//!
//! In: bytes, and a place among them. Out: nothing; only time changes. Never: a byte read.

/// Asks for the cache line at `offset` of `bytes`; beyond the end nothing happens.
#[inline]
pub(crate) fn prefetch(bytes: &[u8], offset: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(byte) = bytes.get(offset) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        #[expect(unsafe_code, reason = "an instruction that takes a pointer")]
        // SAFETY: the pointer is that of a byte of `bytes`; a prefetch reads nothing that the
        // program could see, and is part of every x86-64 processor.
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(byte).cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (bytes, offset);
}
