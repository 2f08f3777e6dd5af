encrypt  = true
