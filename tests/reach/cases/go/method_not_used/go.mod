module a.example/a
require github.com/dgrijalva/jwt-go v3.0.0
