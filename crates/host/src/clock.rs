//! The time that a guest reads.
use std::time::{Duration, SystemTime};

use wasi_common::sync::clocks_ctx;
use wasi_common::{WasiClocks, WasiSystemClock};

/// The clock of a guest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// The machine's.
    #[default]
    System,
    /// Always shows the same time, so that the same bytes get the same answer on any day. A guest that measures
    /// time instead of reading it fails: it has no monotonic clock.
    Fixed(SystemTime),
}

impl Clock {
    /// The clock that always shows this time.
    pub fn at_unix_seconds(seconds: u64) -> Self {
        Self::Fixed(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
    }

    pub(crate) fn wasi(self) -> WasiClocks {
        match self {
            Self::System => clocks_ctx(),
            Self::Fixed(time) => WasiClocks::new().with_system(Fixed(time)),
        }
    }
}

struct Fixed(SystemTime);

impl WasiSystemClock for Fixed {
    fn resolution(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn now(&self, _precision: Duration) -> cap_std::time::SystemTime {
        cap_std::time::SystemTime::from_std(self.0)
    }
}
