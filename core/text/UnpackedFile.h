// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

namespace secateur {

/// The bytes of a file in their order, block by block. A gzip file (RFC 1952, of one or several members; known by its first bytes, not by
/// its name) is unpacked.
class UnpackedFile {
public:
    /// Throws Error when the file cannot be read.
    explicit UnpackedFile(const std::filesystem::path &file);
    ~UnpackedFile();

    /// Appends the next bytes to `content`; false when there are none left. Throws Error when a gzip file is damaged or cut off.
    bool append(std::string &content);

private:
    struct Inflater;

    bool readMore();
    bool inflateMore(std::string &content);
    void endMember();
    [[noreturn]] void refuse(const std::string &cause) const;

    std::string m_name;
    std::ifstream m_stream;
    std::string m_packed;                 ///< bytes of the file that were read and not used yet
    std::size_t m_used = 0;               ///< of these
    bool m_isEnded = false;               ///< the last member was read
    std::unique_ptr<Inflater> m_inflater; ///< of a gzip file only
};

} // namespace secateur
