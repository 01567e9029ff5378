//! Sixteen bytes at a time: vectors of WebAssembly in the module, and the same in plain Rust elsewhere.

#[cfg(target_feature = "simd128")]
pub use vector::Block;

#[cfg(not(target_feature = "simd128"))]
pub(crate) use plain::Block;

/// Whether a block costs about as much as a byte.
pub(crate) const IS_FAST: bool = cfg!(target_feature = "simd128");

#[cfg(target_feature = "simd128")]
mod vector {
    use core::arch::wasm32::*;

    #[derive(Clone, Copy)]
    pub struct Block(v128);

    impl Block {
        pub const LENGTH: usize = 16;

        pub fn load(bytes: &[u8; 16]) -> Block {
            let all = u128::from_le_bytes(*bytes);
            Block(u64x2(all as u64, (all >> 64) as u64))
        }

        pub fn low_halves(self) -> Block {
            Block(v128_and(self.0, u8x16_splat(15)))
        }

        pub fn high_halves(self) -> Block {
            Block(u8x16_shr(self.0, 4))
        }

        /// The bytes of `self` at these indices, which are below 16.
        pub fn look_up(self, indices: Block) -> Block {
            Block(u8x16_swizzle(self.0, indices.0))
        }

        pub fn and(self, other: Block) -> Block {
            Block(v128_and(self.0, other.0))
        }

        /// One bit for each byte that is not zero, the first in the lowest bit.
        pub fn nonzero(self) -> u16 {
            u8x16_bitmask(u8x16_ne(self.0, u8x16_splat(0)))
        }
    }
}

#[cfg(not(target_feature = "simd128"))]
mod plain {
    #[derive(Clone, Copy)]
    pub(crate) struct Block([u8; 16]);

    impl Block {
        pub(crate) const LENGTH: usize = 16;

        pub(crate) fn load(bytes: &[u8; 16]) -> Block {
            Block(*bytes)
        }

        pub(crate) fn low_halves(self) -> Block {
            Block(self.0.map(|byte| byte & 15))
        }

        pub(crate) fn high_halves(self) -> Block {
            Block(self.0.map(|byte| byte >> 4))
        }

        /// The bytes of `self` at these indices, which are below 16.
        pub(crate) fn look_up(self, indices: Block) -> Block {
            Block(indices.0.map(|index| self.0.get(usize::from(index)).copied().unwrap_or_default()))
        }

        pub(crate) fn and(self, other: Block) -> Block {
            let mut others = other.0.into_iter();
            Block(self.0.map(|byte| byte & others.next().unwrap_or_default()))
        }

        /// One bit for each byte that is not zero, the first in the lowest bit.
        pub(crate) fn nonzero(self) -> u16 {
            self.0.iter().rev().fold(0, |bits, byte| bits << 1 | u16::from(*byte != 0))
        }
    }
}
