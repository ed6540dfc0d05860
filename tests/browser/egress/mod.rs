//! What a page tries to get out by. Servers that it may not reach record every connection; one that it may reach stands
//! beside them, so that each way is seen to work where it may.

mod lists;
mod names;
mod navigations;
mod own_ports;
mod rebinding;
mod requests;
mod schemes;
mod trap;
mod udp;
mod waiting;
mod workers;
