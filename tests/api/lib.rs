//! Nothing of its own: this package is its test.
