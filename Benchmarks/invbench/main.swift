print("invbench")
