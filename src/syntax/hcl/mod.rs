//! HCL: our own compact tree, filled by hcl-edit, which nobody above sees.
