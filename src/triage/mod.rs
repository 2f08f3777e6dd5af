//! Configuration, suppressions, baseline, absorbing, masking, order.
