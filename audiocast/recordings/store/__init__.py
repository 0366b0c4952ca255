"""Where recordings are kept: a folder or a bucket, behind one interface.

- `store`: the interface, and its errors
- `folder`: a folder of this machine, or one that several share
- `bucket`: S3, Google Cloud Storage and Azure; needs the extra `recordings`
- `opening`: the store that a URL names
"""
