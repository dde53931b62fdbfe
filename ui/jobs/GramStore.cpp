// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/GramStore.h"

#include "foundation/Error.h"
#include "foundation/Sha256.h"
#include "foundation/Wording.h"

#include <nlohmann/json.hpp>
#include <system_error>

namespace secateur::ui {
namespace {

constexpr const char *kBegun = "begun.safetensors", *kExtension = ".safetensors";

Error cannot(const std::string &what, const std::filesystem::path &path, const std::error_code &error)
{
    return Error("What restoring needs cannot be " + what + " " + inQuotes(path.string()) + ": " + error.message() + ".",
                 "Make room on that disk, or calibrate without keeping it: restoring then sums it itself.");
}

} // namespace

std::string GramStore::nameOf(const Provenance &pass)
{
    const nlohmann::json decides = {{"model", pass.modelHash},
                                    {"tokens", pass.tokenHash},
                                    {"windows", pass.windows},
                                    {"length", pass.length},
                                    {"device", pass.computed.device},
                                    {"gpu", pass.computed.gpu},
                                    {"dtype", pass.computed.dtype},
                                    {"threads", pass.computed.threads},
                                    {"instructions", pass.computed.instructions},
                                    {"products", pass.computed.products},
                                    {"torch", pass.computed.torchVersion}};
    return Sha256::ofText(decides.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)) + kExtension;
}

std::filesystem::path GramStore::begin() const
{
    std::error_code error;
    std::filesystem::create_directories(m_folder, error);
    if (error)
        throw cannot("kept in", m_folder, error);
    return m_folder / kBegun;
}

void GramStore::keep(const std::filesystem::path &begun, const Provenance &pass) const
{
    const std::filesystem::path file = m_folder / nameOf(pass);
    std::error_code error;
    std::filesystem::rename(begun, file, error); // over one of the same pass
    if (error)
        throw cannot("kept as", file, error);
}

std::filesystem::path GramStore::find(const Provenance &pass) const
{
    if (!isThere())
        return {};
    const std::filesystem::path file = m_folder / nameOf(pass);
    std::error_code error;
    return std::filesystem::is_regular_file(file, error) ? file : std::filesystem::path();
}

GramStore::Kept GramStore::kept() const
{
    Kept all;
    std::error_code error;
    if (!isThere())
        return all;
    for (std::filesystem::directory_iterator entry(m_folder, error), end; !error && entry != end; entry.increment(error)) {
        std::error_code unknown;
        const auto bytes = entry->is_regular_file(unknown) && entry->path().extension() == kExtension ? entry->file_size(unknown) : 0;
        if (unknown || bytes == 0)
            continue;
        if (entry->path().filename() != kBegun)
            all.names.insert(entry->path().filename().string());
        all.bytes += std::int64_t(bytes);
    }
    return all;
}

void GramStore::forget(const Provenance &pass) const
{
    std::error_code isNotThere;
    if (isThere())
        std::filesystem::remove(m_folder / nameOf(pass), isNotThere);
}

void GramStore::clear() const
{
    std::error_code error;
    if (!isThere())
        return;
    for (std::filesystem::directory_iterator entry(m_folder, error), end; !error && entry != end; entry.increment(error)) {
        if (entry->path().extension() != kExtension)
            continue;
        std::error_code problem;
        std::filesystem::remove(entry->path(), problem);
        if (problem)
            throw Error("What was kept for restoring cannot be deleted: " + inQuotes(entry->path().string()) + " (" + problem.message() +
                            ").",
                        "Delete the file by hand, or allow this program to write in its folder.");
    }
}

} // namespace secateur::ui
