#!/usr/bin/env bash
# HDF5 1.10.8, core driver with a file image (H5Pset_file_image), through which .keras files are read without a
# temporary file.
#
# The bet: an image has its own bytes, and the name that H5Fopen is given with it is a label. Two images that are opened
# under one name are two files, and whether a file of that name exists does not matter.
#
# Seen:
#   1. Of two images opened under one name, the second has the content of the first, without an error: values 1 and 2
#      are read as 1 and 1. Under two names they are 1 and 2.
#   2. Under the name of a file that exists an image is not opened at all: "file already exists".
#
# So who opens model.keras, and opens it again after it was replaced while the first is still open, reads the old weights.
# A name that nothing else has, for each image, is the way round.
#
# Needs apt-get (Debian 12) and a C compiler. Fails if the behaviour changes.
set -euo pipefail

version=1.10.8+repack1-1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# The packages and what they need, whatever this machine has, unpacked and not installed.
mkdir -p "$folder/archives/partial" "$folder/root"
touch "$folder/status"
apt-get -qq -o Dir::State::status="$folder/status" -o Dir::Cache::archives="$folder/archives" \
  -o Debug::NoLocking=1 -o APT::Sandbox::User="$(id -un)" --no-install-recommends --download-only -y \
  install "libhdf5-dev=$version" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
for package in "$folder"/archives/*.deb; do
  case $(basename "$package") in
    libc6_* | libgcc-s1_* | libstdc++6_*) ;; # the compiler's own
    *) dpkg -x "$package" "$folder/root" ;;
  esac
done

cat >"$folder/images.c" <<'C'
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>

static hid_t core(void) {
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_fapl_core(access, 65536, 0);
  return access;
}

/* The bytes of a file with one dataset of one value. */
static void* image_of(double value, size_t* size) {
  hid_t file = H5Fcreate("made.h5", H5F_ACC_TRUNC, H5P_DEFAULT, core());
  hsize_t extent = 1;
  hid_t data = H5Dcreate2(file, "x", H5T_NATIVE_DOUBLE, H5Screate_simple(1, &extent, NULL), H5P_DEFAULT, H5P_DEFAULT,
                          H5P_DEFAULT);
  H5Dwrite(data, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value);
  H5Dclose(data);
  H5Fflush(file, H5F_SCOPE_GLOBAL);
  *size = (size_t)H5Fget_file_image(file, NULL, 0);
  void* bytes = malloc(*size);
  H5Fget_file_image(file, bytes, *size);
  H5Fclose(file);
  return bytes;
}

static hid_t opened(double value, const char* name) {
  size_t size;
  void* bytes = image_of(value, &size);
  hid_t access = core();
  H5Pset_file_image(access, bytes, size);
  return H5Fopen(name, H5F_ACC_RDONLY, access);
}

static double value_of(hid_t file) {
  double value = -1;
  hid_t data = H5Dopen2(file, "x", H5P_DEFAULT);
  H5Dread(data, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value);
  return value;
}

int main(int argc, char** argv) {
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  unsigned major, minor, release;
  H5get_libversion(&major, &minor, &release);
  printf("HDF5 %u.%u.%u\n", major, minor, release);
  hid_t first = opened(1, "same"), second = opened(2, "same");
  printf("one name: %g %g\n", value_of(first), value_of(second));
  hid_t third = opened(1, "third"), fourth = opened(2, "fourth");
  printf("two names: %g %g\n", value_of(third), value_of(fourth));
  printf("name of a file that exists: %s\n", opened(1, argv[argc - 1]) < 0 ? "not opened" : "opened");
  return 0;
}
C
libraries=$(dirname "$(find "$folder/root" -name 'libhdf5_serial.so')")
includes=$(dirname "$(find "$folder/root" -path '*/serial/hdf5.h')")
cc -I "$includes" "$folder/images.c" -o "$folder/images" -L "$libraries" -lhdf5_serial \
  -Wl,-rpath,"$libraries" -Wl,-rpath-link,"$libraries" 2>"$folder/log" || { cat "$folder/log" >&2; exit 1; }
touch "$folder/exists"
LD_LIBRARY_PATH=$libraries:$folder/root/lib/x86_64-linux-gnu "$folder/images" "$folder/exists" | tee "$folder/out"

diff "$folder/out" - <<'SEEN'
HDF5 1.10.8
one name: 1 1
two names: 1 2
name of a file that exists: not opened
SEEN
