#![allow(dead_code, unused)]
#[path = "../../../domains/services/src/access.rs"]
mod access;
#[path = "../../../domains/services/src/csv.rs"]
mod csv;
mod pages {
    #[path = "../../../../domains/services/src/pages/locked/mod.rs"]
    pub mod locked;
    #[path = "../../../../domains/services/src/pages/payments/mod.rs"]
    pub mod payments;
}
