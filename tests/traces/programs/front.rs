//! The program of [`traces::front`].

use traces::front::Front;

goplug::main!(Front, setup = traces::recorded::set_up);
