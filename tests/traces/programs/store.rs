//! The program of [`traces::store`].

use traces::store::Store;

goplug::main!(Store, setup = traces::recorded::set_up);
