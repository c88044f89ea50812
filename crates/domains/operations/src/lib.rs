//! svod-operations
