//! Attempts of pages to reach forbidden servers, which record every connection. An allowed server serves as control,
//! to show that each attempt works where it may.

mod lists;
mod names;
mod navigations;
mod own_ports;
mod rebinding;
mod recording_servers;
mod requests;
mod schemes;
mod udp;
mod waiting;
mod workers;
