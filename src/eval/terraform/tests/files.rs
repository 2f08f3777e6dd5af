//! Which files are read, and how they make a module.


