from itsdangerous import URLSafeSerializer

print(URLSafeSerializer("k").loads("x"))
