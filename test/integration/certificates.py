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

    def sign(self, name, alternative, days=2):
        """A certificate and key; days below 0: it has expired."""
        key, request, certificate, extensions = (self.folder / f"{name}.{end}" for end in ("key", "csr", "pem", "ext"))
        extensions.write_text(f"subjectAltName={alternative}\n")
        self.openssl("req", *NEW_KEY, "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        self.openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self.folder / "ca.key", "-CAcreateserial",
                     "-days", days, "-extfile", extensions, "-out", certificate)
        key.chmod(0o644)
        return certificate, key


NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
