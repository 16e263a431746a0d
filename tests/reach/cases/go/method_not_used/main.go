package main
import jwt "github.com/dgrijalva/jwt-go"
func main() { jwt.New(jwt.SigningMethodHS256).SignedString([]byte("k")) }
