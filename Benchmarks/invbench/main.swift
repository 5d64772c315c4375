import InvbenchCommand

Invbench.main()
