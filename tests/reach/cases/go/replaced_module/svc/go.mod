module a.example/svc
require a.example/lib v0.0.0
replace a.example/lib => ../lib
