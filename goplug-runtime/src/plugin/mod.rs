//! The plugin: dispatch table, HTTP server, callbacks out, lifecycle, verbs.
