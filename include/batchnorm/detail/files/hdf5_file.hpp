#pragma once

#include <hdf5.h>

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "keras_groups.hpp"
#include "text.hpp"

// Groups, datasets and attributes of an HDF5 file, by the library's C interface.
namespace batchnorm::detail {

/// Keeps the library from printing its own errors while it lives: they become sentences here.
class QuietHdf5 {
 public:
  QuietHdf5() {
    H5Eauto_is_v2(H5E_DEFAULT, &is_second_);
    if (is_second_ != 0) {
      H5Eget_auto2(H5E_DEFAULT, &print_, &data_);
    } else {
      H5Eget_auto1(&first_print_, &data_);
    }
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  QuietHdf5(const QuietHdf5&) = delete;
  QuietHdf5(QuietHdf5&&) = delete;
  QuietHdf5& operator=(const QuietHdf5&) = delete;
  QuietHdf5& operator=(QuietHdf5&&) = delete;
  ~QuietHdf5() {
    if (is_second_ != 0) {
      H5Eset_auto2(H5E_DEFAULT, print_, data_);
    } else {
      H5Eset_auto1(first_print_, data_);
    }
  }

 private:
  unsigned is_second_ = 1;  ///< which of the library's two kinds of handlers there is
  H5E_auto2_t print_ = nullptr;
  H5E_auto1_t first_print_ = nullptr;
  void* data_ = nullptr;
};

/// An identifier of the library, which its own function closes.
class Hdf5Id {
 public:
  using Close = herr_t (*)(hid_t);

  Hdf5Id(hid_t id, Close close) : id_(id), close_(close) {}
  Hdf5Id(Hdf5Id&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Hdf5Id(const Hdf5Id&) = delete;
  Hdf5Id& operator=(const Hdf5Id&) = delete;
  Hdf5Id& operator=(Hdf5Id&&) = delete;
  ~Hdf5Id() {
    if (id_ >= 0) close_(id_);
  }

  [[nodiscard]] bool is_valid() const { return id_ >= 0; }
  [[nodiscard]] hid_t get() const { return id_; }

 private:
  hid_t id_;
  Close close_;
};

/// A file, on the disk or in memory.
class Hdf5File {
 public:
  static std::shared_ptr<const Hdf5File> open(const std::filesystem::path& path) {
    const QuietHdf5 quiet;
    Hdf5Id id(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
    return std::make_shared<const Hdf5File>(path.string(), std::move(id));
  }

  /// The bytes are copied. The library takes images of one name for one file (1.10.8: the second
  /// has the content of the first), and refuses the name of a file that is there: so each gets a
  /// name that nothing else has.
  static std::shared_ptr<const Hdf5File> read(const std::string& name, std::string_view bytes) {
    const QuietHdf5 quiet;
    constexpr std::size_t step = 65536;
    const Hdf5Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    H5Pset_fapl_core(access.get(), step, false);
    auto unique = std::make_unique<std::string>(bytes);
    H5Pset_file_image(access.get(), unique->data(), unique->size());
    std::string().swap(*unique);
    const auto address = reinterpret_cast<std::uintptr_t>(unique.get());
    const std::string image = name + "/image-" + std::to_string(address);
    Hdf5Id id(H5Fopen(image.c_str(), H5F_ACC_RDONLY, access.get()), H5Fclose);
    return std::make_shared<const Hdf5File>(name, std::move(id), std::move(unique));
  }

  /// `unique` is what makes the name of an image: nothing else has its address as long as it lives.
  Hdf5File(std::string name, Hdf5Id id, std::unique_ptr<std::string> unique = nullptr)
      : name_(std::move(name)), unique_(std::move(unique)), id_(std::move(id)) {
    if (!id_.is_valid()) refuse_file(name_, "cannot be opened, or is no HDF5 file.");
  }

  [[nodiscard]] const std::string& name() const { return name_; }

  /// What a group holds, by name. `path` is absolute.
  [[nodiscard]] std::vector<GroupChild> children(const std::string& path) const {
    const QuietHdf5 quiet;
    std::vector<GroupChild> all;
    const Hdf5Id group(H5Gopen2(id_.get(), path.c_str(), H5P_DEFAULT), H5Gclose);
    H5G_info_t info{};
    if (!group.is_valid() || H5Gget_info(group.get(), &info) < 0) return all;
    for (hsize_t i = 0; i < info.nlinks; ++i) {
      const std::string child = child_name(group.get(), i);
      H5L_info_t link{};
      if (child.empty() || H5Lget_info(group.get(), child.c_str(), &link, H5P_DEFAULT) < 0) break;
      if (link.type != H5L_TYPE_HARD) continue;
      const Hdf5Id object(H5Oopen(group.get(), child.c_str(), H5P_DEFAULT), H5Oclose);
      const H5I_type_t kind = H5Iget_type(object.get());
      if (kind == H5I_GROUP || kind == H5I_DATASET) all.push_back({child, kind == H5I_GROUP});
    }
    return all;
  }

  /// Whether a group or a dataset has an attribute of this name.
  [[nodiscard]] bool has_attribute(const std::string& path, const char* name) const {
    const QuietHdf5 quiet;
    return H5Aexists_by_name(id_.get(), path.c_str(), name, H5P_DEFAULT) > 0;
  }

  /// A string that stands as an attribute; empty where there is none.
  [[nodiscard]] std::string attribute(const std::string& path, const char* name) const {
    const QuietHdf5 quiet;
    const Hdf5Id attribute(H5Aopen_by_name(id_.get(), path.c_str(), name, H5P_DEFAULT, H5P_DEFAULT),
                           H5Aclose);
    if (!attribute.is_valid()) return "";
    const Hdf5Id type(H5Aget_type(attribute.get()), H5Tclose);
    const Hdf5Id space(H5Aget_space(attribute.get()), H5Sclose);
    if (H5Tget_class(type.get()) != H5T_STRING || H5Sget_simple_extent_npoints(space.get()) != 1) {
      return "";
    }
    return H5Tis_variable_str(type.get()) > 0 ? variable_string(attribute.get(), type.get())
                                              : fixed_string(attribute.get(), type.get());
  }

  /// How many values a dataset of rank 1 has; -1 of any other, or where its values are no floating
  /// point numbers.
  [[nodiscard]] Eigen::Index length(const std::string& path) const {
    const QuietHdf5 quiet;
    const Hdf5Id data(H5Dopen2(id_.get(), path.c_str(), H5P_DEFAULT), H5Dclose);
    if (!data.is_valid()) return -1;
    const Hdf5Id type(H5Dget_type(data.get()), H5Tclose);
    const Hdf5Id space(H5Dget_space(data.get()), H5Sclose);
    hsize_t extent = 0;
    if (H5Tget_class(type.get()) != H5T_FLOAT || H5Sget_simple_extent_ndims(space.get()) != 1 ||
        H5Sget_simple_extent_dims(space.get(), &extent, nullptr) != 1 || extent > most_values) {
      return -1;
    }
    return static_cast<Eigen::Index>(extent);
  }

  /// The values of a dataset that has a `length`.
  [[nodiscard]] Eigen::VectorXd values(const std::string& path) const {
    const QuietHdf5 quiet;
    const Eigen::Index count = length(path);
    if (count < 0)
      refuse_file(name_, "its dataset " + in_quotes(path) + " is no vector of numbers.");
    Eigen::VectorXd values(count);
    const Hdf5Id data(H5Dopen2(id_.get(), path.c_str(), H5P_DEFAULT), H5Dclose);
    if (H5Dread(data.get(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) {
      refuse_file(name_, "its dataset " + in_quotes(path) + " cannot be read.");
    }
    return values;
  }

 private:
  /// A layer has fewer channels; a file may claim more than memory has.
  static constexpr hsize_t most_values = hsize_t{1} << 24U;

  static std::string child_name(hid_t group, hsize_t index) {
    const auto name_at = [&](char* into, std::size_t size) {
      return H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, index, into, size,
                                H5P_DEFAULT);
    };
    const ssize_t size = name_at(nullptr, 0);
    if (size <= 0) return "";
    std::string name(static_cast<std::size_t>(size), '\0');
    name_at(name.data(), name.size() + 1);
    return name;
  }

  static std::string variable_string(hid_t attribute, hid_t type) {
    char* text = nullptr;
    const Hdf5Id memory(H5Tcopy(type), H5Tclose);
    if (H5Aread(attribute, memory.get(), &text) < 0 || text == nullptr) return "";
    std::string copy(text);
    H5free_memory(text);
    return copy;
  }

  static std::string fixed_string(hid_t attribute, hid_t type) {
    std::string text(H5Tget_size(type), '\0');
    if (H5Aread(attribute, type, text.data()) < 0) return "";
    return text.substr(0, text.find('\0'));
  }

  std::string name_;
  std::unique_ptr<std::string> unique_;
  Hdf5Id id_;
};

}  // namespace batchnorm::detail
