"""Do the files hold what they promise, with which the portal is put on a host?"""
