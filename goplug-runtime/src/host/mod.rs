//! The host: registry, discovery, processes, connections, callbacks in.
