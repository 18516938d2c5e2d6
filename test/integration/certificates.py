"""Certificates for tests, made with openssl: a CA, what it signed, and what is wrong in one way each."""

import subprocess


class Authority:
    def __init__(self, folder, name):
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.file = folder / "ca.pem"
        self.openssl("req", "-x509", *NEW_KEY, "-keyout", folder / "ca.key", "-out", self.file, "-days", "2", "-subj", f"/CN={name}")

    @staticmethod
    def openssl(*arguments):
        done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def sign(self, name, alternative, begin="20250101", end="20400101", usage="serverAuth,clientAuth"):
        """A certificate and key; alternative: names in it; begin, end: days on which it becomes valid and ends to be so."""
        key, request, certificate, extensions, config = (self.folder / f"{name}.{end}" for end in ("key", "csr", "pem", "ext", "cnf"))
        extensions.write_text(f"extendedKeyUsage={usage}\n" + (f"subjectAltName={alternative}\n" if alternative else ""))
        config.write_text(CONFIG.format(folder=self.folder, name=name))
        (self.folder / f"{name}.index").write_text("")
        self.openssl("req", *NEW_KEY, "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        self.openssl("ca", "-batch", "-notext", "-config", config, "-cert", self.file, "-keyfile", self.folder / "ca.key", "-in", request,
                     "-out", certificate, "-extfile", extensions, "-startdate", f"{begin}000000Z", "-enddate", f"{end}000000Z")
        key.chmod(0o644)
        return certificate, key


CONFIG = """
[ca]
default_ca = this
[this]
database = {folder}/{name}.index
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = any
[any]
commonName = supplied
"""
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
