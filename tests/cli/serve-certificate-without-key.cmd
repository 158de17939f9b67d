64
monitor serve --tls-cert cert.pem
