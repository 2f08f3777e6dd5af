encrypt  = false
password = "Adm1nTest!42"
