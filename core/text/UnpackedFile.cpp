// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/UnpackedFile.h"

#include "foundation/Error.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace secateur {
namespace {

constexpr std::size_t kBlock = std::size_t(1) << 18;
constexpr std::size_t kLongestMagic = 10;

} // namespace

UnpackedFile::UnpackedFile(const std::filesystem::path &file, const TextLimits &limits)
    : m_file(file),
      m_window(limits.bytes / 2),
      m_stop(limits.stop)
{
    readMore();
    m_packing = packingOf(m_packed);
    m_unpacker = unpackerOf(m_packing, m_window);
    if (m_unpacker)
        m_block.resize(kBlock);
}

/// Reads the next block behind the bytes that are not used yet; false at the end of the file.
bool UnpackedFile::readMore()
{
    m_packed.erase(0, std::exchange(m_used, 0));
    const std::size_t before = m_packed.size();
    m_packed.resize(before + kBlock);
    m_packed.resize(before + m_file.read({m_packed.data() + before, kBlock}));
    return m_packed.size() > before;
}

bool UnpackedFile::append(std::string &content)
{
    if (m_stop.stop_requested())
        throw Cancelled();
    if (m_unpacker)
        return unpackMore(content);
    if (m_used == m_packed.size() && !readMore())
        return false;
    content.append(m_packed, m_used);
    m_used = m_packed.size();
    return true;
}

/// Unpacks until there is something to give.
bool UnpackedFile::unpackMore(std::string &content)
{
    const std::size_t before = content.size();
    while (!m_isEnded && content.size() == before) {
        const Unpacker::Step step = m_unpacker->run({m_packed.data() + m_used, m_packed.size() - m_used}, m_block);
        m_used += step.used;
        content.append(m_block.data(), step.made);
        check(step.problem);
        if (step.isEnd)
            endMember();
        else if (step.used == 0 && step.made == 0 && !readMore())
            refuse("it ends too early");
    }
    return content.size() > before;
}

/// Goes on with the next member, or makes sure that nothing else follows. Zeros may: some tools fill the last block with them, and xz
/// knows them between streams.
void UnpackedFile::endMember()
{
    do
        m_used = std::min(m_packed.find_first_not_of('\0', m_used), m_packed.size());
    while (m_packed.size() - m_used < kLongestMagic && readMore());
    if (m_used == m_packed.size())
        m_isEnded = true;
    else if (packingOf(std::string_view(m_packed).substr(m_used)) == m_packing)
        m_unpacker->restart();
    else
        refuse("other data follow it");
}

void UnpackedFile::check(Unpacker::Problem problem) const
{
    if (problem == Unpacker::Problem::TooMuchMemory)
        throw Error(inQuotes(m_file.path().string()) + " was packed by " + nameOf(m_packing) + " with a window that needs more than " +
                        sizeText(m_window) + " of memory.",
                    "Give more memory (--host-memory), or unpack it first.");
    if (problem == Unpacker::Problem::LacksDictionary)
        throw Error(inQuotes(m_file.path().string()) + " was packed by " + nameOf(m_packing) +
                        " with a dictionary, which it does not hold.",
                    "Unpack it first, with its dictionary.");
    if (problem == Unpacker::Problem::WrongChecksum)
        refuse("its checksum is wrong");
    if (problem == Unpacker::Problem::Damaged)
        refuse("its data are damaged");
}

void UnpackedFile::refuse(const std::string &cause) const
{
    throw Error(inQuotes(m_file.path().string()) + " is not a sound " + nameOf(m_packing) + " file: " + cause + ".",
                "The file may be damaged or cut off; fetch it again.");
}

} // namespace secateur
