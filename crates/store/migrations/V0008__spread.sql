{spaces by path}
