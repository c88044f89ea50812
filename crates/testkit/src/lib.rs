//! svod-testkit
