78
monitor serve --tls-cert cert.pem --tls-key key.pem
