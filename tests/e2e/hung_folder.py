"""Mounts a file system that answers nothing, as that of a dead server: MOUNTPOINT is its argument.

Prints `mounted` and waits. Run it in a mount namespace of its own: the mount ends with it.
"""

import ctypes
import os
import struct
import sys
import time

FUSE_MAJOR, FUSE_MINOR = 7, 31
HEADER = struct.Struct("<IiQ")
INIT_REPLY = struct.Struct("<IIIIHHIIHHI28x")

device = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={device},rootmode=40755,user_id=0,group_id=0".encode()
libc = ctypes.CDLL(None, use_errno=True)
if libc.mount(b"silent", sys.argv[1].encode(), b"fuse.silent", 0, options):
    sys.exit(os.strerror(ctypes.get_errno()))

# The kernel begins with one request, which has to be answered. It gets no other answer.
request = os.read(device, 1 << 17)
(unique,) = struct.unpack_from("<Q", request, 8)
(max_readahead,) = struct.unpack_from("<I", request, 48)
body = INIT_REPLY.pack(FUSE_MAJOR, FUSE_MINOR, max_readahead, 0, 0, 0, 4096, 1, 0, 0, 0)
os.write(device, HEADER.pack(HEADER.size + len(body), 0, unique) + body)
print("mounted", flush=True)
time.sleep(600)
