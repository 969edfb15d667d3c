//! Indicators, one file each: `new` may refuse, `update` and `peek` may not.
