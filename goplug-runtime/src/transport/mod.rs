//! Listening, connecting and peer identity: the only place that knows the platform.
