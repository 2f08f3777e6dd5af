//! Calls, expansion and what modules hand to each other.


