//! libFuzzer around one target, named by `SVOD_FUZZ`.

#![no_main]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

static RUN: OnceLock<fn(&[u8])> = OnceLock::new();

libfuzzer_sys::fuzz_target!(
    init: {
        let name = std::env::var("SVOD_FUZZ").unwrap_or_default();
        let target = svod_fuzz::target(&name).unwrap_or_else(|| panic!("SVOD_FUZZ={name} names no target"));
        RUN.get_or_init(|| target.run);
        // A panic that the platform catches itself (FEEL) is no finding; one that gets out is.
        std::panic::set_hook(Box::new(|_| {}));
    },
    |bytes: &[u8]| {
        if let Some(run) = RUN.get()
            && let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(bytes)))
        {
            let said = panic.downcast_ref::<String>().cloned();
            eprintln!("panic: {}", said.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned())).unwrap_or_default());
            std::process::abort();
        }
    }
);
