// Which source these programs were built from. The commit comes from the package manifest, which asks git at build time.
#pragma once

/// The release, `MAJOR.MINOR.PATCH`.
const char *plumbline_version(void);
/// Twelve hex digits of the commit, with `+` behind them when the tree had uncommitted changes; `unknown` outside a git checkout.
const char *plumbline_commit(void);
