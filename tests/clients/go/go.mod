module tasuke.example

go 1.23
