// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/TemporaryGrams.h"

#include "foundation/Error.h"
#include "restoration/GramFile.h"

#include <string>
#include <system_error>

namespace secateur {
namespace {

/// Says of what finds no place there what can be done.
template <class Make>
auto amongTemporary(const Make &make)
{
    try {
        return make();
    } catch (const Error &problem) {
        throw Error(
            std::string("The Gram matrices find no place among the temporary files: ") + problem.what(),
            "Name another folder for those (TMPDIR), or keep the matrices of a calibration and restore with them (--save-grams, --grams).");
    }
}

AtomicPath folderOfGrams()
{
    std::error_code error;
    const std::filesystem::path all = std::filesystem::temp_directory_path(error);
    if (error)
        throw Error("their folder does not exist or cannot be used.");
    return AtomicPath::forFolder(all / "secateur-grams");
}

} // namespace

TemporaryGrams::TemporaryGrams(const ModelSpec &dense) : m_folder(amongTemporary(folderOfGrams))
{
    amongTemporary([&] { checkRoomForGrams(file(), dense, true); });
}

} // namespace secateur
