module my-registry

go 1.19
